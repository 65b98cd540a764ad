export type {
  ActResult,
  ChangeEvent,
  ControlActs,
  ControlKeys,
  ControlReads,
  ControlService,
  TrafficSample,
} from './control-service.ts'
export { type ControlRouter, controlRouter } from './router.ts'
export { type ControlServiceOptions, createControlService } from './service/create-control-service.ts'
export type { ControlContext } from './trpc.ts'
