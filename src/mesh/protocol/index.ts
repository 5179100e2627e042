// The door of the session protocol.
export { dialDelayMs, keepsNewLink, STABLE_AFTER_MS } from './dial-policy.ts';
export { decodeFrame, encodeFrame, FrameError, type OwnMessage } from './frame-codec.ts';
export { createHello, doubtHello, type Membership } from './membership.ts';
export type { GoodbyeReason, Hello, Message } from './message.ts';
export {
  type CloseReason,
  PROTOCOL_VERSION_MAX,
  PROTOCOL_VERSION_MIN,
  Session,
  type SessionEffect,
  type SessionEvent,
  type SessionParts,
  TICK_MS,
} from './session.ts';
