export { type DeployReport, deployMigrations } from './deploy-migrations.ts'
