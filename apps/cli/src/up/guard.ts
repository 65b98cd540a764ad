import { runGuard } from '@understudy/db/guard'

runGuard(process.argv[2])
