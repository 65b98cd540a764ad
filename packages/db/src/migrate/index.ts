export { checkDatabase } from './check-database.ts'
export { type DeployReport, deployMigrations } from './deploy-migrations.ts'
