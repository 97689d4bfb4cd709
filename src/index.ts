/** The service as a library: put it into another Hono app, or publish in process. */

export { type Config, loadConfig } from './config/config.ts';
export { ConfigError } from './config/error.ts';
export { type AppDeps, createApp } from './http/app.ts';
export type {
  EventData,
  EventInput,
  EventName,
  EventType,
  NewEvent,
  Notification,
} from './protocol/event.ts';
export { Problem, type ProblemBody, type ProblemCode } from './protocol/problem.ts';
export type { EventPublisher as Publisher, Published, PublishOptions } from './protocol/publishing.ts';
export { createService, type Service } from './service/service.ts';
