// The door of the session protocol.
export type { Contact, ContactSource, Offer } from './contact.ts';
export { ContactBook, type LinkEnd } from './contact-book.ts';
export { type ChooseNeighbours, type Neighbour, planDials } from './dial-plan.ts';
export { dialDelayMs, keepsNewLink, STABLE_AFTER_MS } from './dial-policy.ts';
export {
  decodeEnrolReply,
  decodeEnrolRequest,
  type EnrolReply,
  type EnrolRequest,
  encodeEnrolReply,
  encodeEnrolRequest,
  isEnrolRequest,
  MAX_SEALED_REQUEST_BYTES,
} from './enrol-frame.ts';
export { decodeFrame, FrameReader, printable } from './frame-reader.ts';
export { FrameError } from './frame-values.ts';
export { encodeFrame, FrameWriter, type OwnMessage } from './frame-writer.ts';
export { feedBytes } from './frontier.ts';
export { PROTOCOL_VERSION_MAX, PROTOCOL_VERSION_MIN, type Versions } from './greeting.ts';
export { TICK_MS } from './liveness.ts';
export { createHello, doubtHello, type Membership } from './membership.ts';
export type { GoodbyeReason, Have, Hello, Message } from './message.ts';
export { limitRun, thinSignatures } from './run.ts';
export { Session } from './session.ts';
export type {
  CloseReason,
  HeldTrust,
  SessionEffect,
  SessionEvent,
  SessionParts,
} from './session-types.ts';
export { Shortfall, type ShortfallFigure } from './shortfall.ts';
export { type LinkId, type SubscriptionAction, Subscriptions } from './subscriptions.ts';
export { wantedNeighbours } from './topology.ts';
export { noBytes, type Traffic, type TrafficBytes, type TrafficClass } from './traffic.ts';
