// Every method of the API by its path: unary ones on our own path, streams on the Connect library's router.
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { createConnectRouter } from '@connectrpc/connect';
import { createMethodUrl, type UniversalHandler } from '@connectrpc/connect/protocol';
import { compressionGzip } from '@connectrpc/connect-node';
import type { Clock, Hash, Timers, TokenHolder } from '../../core/index.ts';
import { Health } from '../../gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { AdminService } from '../../gen/holdfast/v1/admin_pb.ts';
import { AuditService } from '../../gen/holdfast/v1/audit_pb.ts';
import { BundleService } from '../../gen/holdfast/v1/bundle_pb.ts';
import { CommandLogService } from '../../gen/holdfast/v1/command_log_pb.ts';
import { CommandService } from '../../gen/holdfast/v1/command_pb.ts';
import { ConfigService } from '../../gen/holdfast/v1/config_pb.ts';
import { DelegationService } from '../../gen/holdfast/v1/delegation_pb.ts';
import { DocumentService } from '../../gen/holdfast/v1/document_pb.ts';
import { EnrolmentService } from '../../gen/holdfast/v1/enrolment_pb.ts';
import { ExplainService } from '../../gen/holdfast/v1/explain_pb.ts';
import { FleetService } from '../../gen/holdfast/v1/fleet_pb.ts';
import { HeartbeatService } from '../../gen/holdfast/v1/heartbeat_pb.ts';
import { InventoryService } from '../../gen/holdfast/v1/inventory_pb.ts';
import { MeshService } from '../../gen/holdfast/v1/mesh_pb.ts';
import { SecretService } from '../../gen/holdfast/v1/secret_pb.ts';
import { TelemetryService } from '../../gen/holdfast/v1/telemetry_pb.ts';
import { TrustService } from '../../gen/holdfast/v1/trust_pb.ts';
import type { Backend } from './backend.ts';
import type { CallLedger } from './calls/call-ledger.ts';
import type { ObserveCall } from './calls/call-observer.ts';
import { BINARY_OPTIONS, decodeMessage, JSON_OPTIONS } from './calls/codec.ts';
import type { ReportFault } from './calls/connect-error.ts';
import type { EventCall } from './calls/event-call.ts';
import { MAX_BODY_BYTES } from './calls/limits.ts';
import type { UnaryHandler, UnaryHandlers } from './calls/method.ts';
import { callerFrom, describeStreamErrors, endAtDeadline } from './calls/stream-context.ts';
import type { StreamSlots } from './calls/stream-slots.ts';
import { createUnaryCall, type UnaryCall } from './calls/unary-call.ts';
import { checkRequest } from './calls/validate.ts';
import { createReachTeller } from './controls/reach.ts';
import { createNodeNames } from './convert/index.ts';
import { checkHealth, watchHealth } from './pages/grpc-health.ts';
import { createReflection } from './pages/grpc-reflection.ts';
import { adminService } from './services/admin-service.ts';
import { auditService, readAudit } from './services/audit-service.ts';
import { bundleService, exportBundle } from './services/bundle-service.ts';
import { commandLogService } from './services/command-log-service.ts';
import { followLog } from './services/command-log-stream.ts';
import { commandService } from './services/command-service.ts';
import { watchCommands } from './services/command-stream.ts';
import { configService } from './services/config-service.ts';
import { watchDesired } from './services/config-stream.ts';
import { delegationService } from './services/delegation-service.ts';
import { documentService } from './services/document-service.ts';
import { enrolmentService } from './services/enrolment-service.ts';
import { EventBytes } from './services/event-bytes.ts';
import { explainService } from './services/explain-service.ts';
import { fleetService } from './services/fleet-service.ts';
import { heartbeatService } from './services/heartbeat-service.ts';
import { inventoryService } from './services/inventory-service.ts';
import { meshService } from './services/mesh-service.ts';
import { secretService } from './services/secret-service.ts';
import { telemetryService } from './services/telemetry-service.ts';
import { trustService } from './services/trust-service.ts';
import { WatchHub } from './services/watch-hub.ts';
import { watchDocuments } from './services/watch-stream.ts';

/** What is public needs no token. */
export type Route =
  | { readonly kind: 'unary'; readonly isPublic: false; readonly call: UnaryCall<TokenHolder> }
  | { readonly kind: 'unary'; readonly isPublic: true; readonly call: UnaryCall<undefined> }
  | { readonly kind: 'events'; readonly isPublic: false; readonly call: EventCall }
  | { readonly kind: 'stream'; readonly isPublic: boolean; readonly handler: UniversalHandler };
type RouteEntry = [path: string, route: Route];

export interface RouteDependencies {
  readonly backend: Backend;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly hash: Hash;
  /** Shared by all streams but exports. */
  readonly slots: StreamSlots;
  readonly exportSlots: StreamSlots;
  /** The sidecar or the API stops. */
  readonly stopping: AbortSignal;
  readonly reportFault: ReportFault;
  readonly ledger: CallLedger;
  readonly observe?: ObserveCall | undefined;
}

const SERVICES: readonly DescService[] = [
  HeartbeatService,
  DocumentService,
  FleetService,
  CommandService,
  CommandLogService,
  ConfigService,
  InventoryService,
  MeshService,
  BundleService,
  EnrolmentService,
  SecretService,
  AdminService,
  TrustService,
  DelegationService,
  AuditService,
  ExplainService,
  TelemetryService,
  Health,
  ServerReflection,
];

/** As `MeshService/Status`: every method that is called with a token. */
export const API_METHODS: readonly string[] = SERVICES.filter(({ typeName }) =>
  typeName.startsWith('holdfast.'),
).flatMap((service) => service.methods.map((method) => `${service.name}/${method.name}`));

/** Whether the sidecar lives is no secret, and probers hold no tokens. Everything else, reflection too, needs one. */
const PUBLIC_SERVICES: ReadonlySet<DescService> = new Set([Health]);

/** Routes by path, as in `/holdfast.v1.DocumentService/Get`. */
export function createRoutes(dependencies: RouteDependencies): ReadonlyMap<string, Route> {
  const { backend, hash, clock } = dependencies;
  const names = createNodeNames(hash);
  const reach = createReachTeller(() => backend.reach?.(), clock, names);
  const serviceNames = new Set(SERVICES.map((service) => service.typeName));
  return new Map([
    ...unaryRoutes(HeartbeatService, heartbeatService(backend)),
    ...unaryRoutes(DocumentService, documentService(backend, names, reach)),
    ...unaryRoutes(FleetService, fleetService(backend, names, reach)),
    ...unaryRoutes(CommandService, commandService(backend, names)),
    ...unaryRoutes(CommandLogService, commandLogService(backend)),
    ...unaryRoutes(ConfigService, configService(backend, names)),
    ...unaryRoutes(InventoryService, inventoryService(backend, names)),
    ...unaryRoutes(MeshService, meshService(backend, names)),
    ...unaryRoutes(BundleService, bundleService(backend)),
    ...unaryRoutes(EnrolmentService, enrolmentService(backend)),
    ...unaryRoutes(SecretService, secretService(backend, names)),
    ...unaryRoutes(AdminService, adminService(backend, dependencies.ledger)),
    ...unaryRoutes(TrustService, trustService(backend)),
    ...unaryRoutes(DelegationService, delegationService(backend)),
    ...unaryRoutes(AuditService, auditService(backend)),
    ...unaryRoutes(ExplainService, explainService(backend, names)),
    ...unaryRoutes(TelemetryService, telemetryService(backend, dependencies.clock)),
    ...watchRoutes(dependencies, names),
    publicRoute(Health.method.check, checkHealth(backend, serviceNames).check),
    ...streamHandlers(dependencies, names, serviceNames).map((handler): RouteEntry => {
      const isPublic = PUBLIC_SERVICES.has(handler.service);
      return [handler.requestPath, { kind: 'stream', isPublic, handler }];
    }),
  ]);
}

function unaryRoutes<S extends DescService>(service: S, handlers: UnaryHandlers<S>): RouteEntry[] {
  // The type of `handlers` says that there is one for each unary method; under a computed name TypeScript cannot follow.
  const handlerByName = handlers as Readonly<Record<string, UnaryHandler>>;
  return service.methods.flatMap((method): RouteEntry[] => {
    const handle = handlerByName[method.localName];
    if (method.methodKind !== 'unary' || handle === undefined) return [];
    const call = createUnaryCall(method, handle);
    return [[createMethodUrl('/', method), { kind: 'unary', isPublic: false, call }]];
  });
}

function publicRoute<M extends DescMethod>(
  method: M,
  handle: UnaryHandler<M, undefined>,
): RouteEntry {
  const call = createUnaryCall(method, handle);
  return [createMethodUrl('/', method), { kind: 'unary', isPublic: true, call }];
}

/** Both watches of documents, which share what they read and send. */
function watchRoutes(
  { backend, timers, slots, stopping }: RouteDependencies,
  names: ReturnType<typeof createNodeNames>,
): readonly RouteEntry[] {
  const [hub, bytes] = [new WatchHub(backend), new EventBytes(names)];
  const watch = { hub, bytes, timers, slots, stopping };
  return [DocumentService.method.watch, FleetService.method.watch].map((method): RouteEntry => {
    const call: EventCall = async function* (message, binary, caller, gone) {
      const request = decodeMessage(method.input, message, binary);
      checkRequest(method.input, request);
      yield* watchDocuments(watch, request, binary, caller, gone);
    };
    return [createMethodUrl('/', method), { kind: 'events', isPublic: false, call }];
  });
}

function streamHandlers(
  { backend, timers, slots, exportSlots, stopping, reportFault, observe }: RouteDependencies,
  names: ReturnType<typeof createNodeNames>,
  serviceNames: ReadonlySet<string>,
): readonly UniversalHandler[] {
  const watch = { backend, timers, names, slots, stopping };
  const carry = { backend, slots: exportSlots, stopping };
  const health = { backend, timers, slots, stopping, serviceNames };
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    // Compression costs more than it saves on a loopback.
    compressMinBytes: Number.POSITIVE_INFINITY,
    readMaxBytes: MAX_BODY_BYTES,
    jsonOptions: JSON_OPTIONS,
    binaryOptions: BINARY_OPTIONS,
    interceptors: [describeStreamErrors(reportFault, observe)],
  });
  router.rpc(CommandService.method.watch, async function* (request, context) {
    checkRequest(CommandService.method.watch.input, request);
    yield* watchCommands(watch, callerFrom(context), context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(CommandLogService.method.followLog, async function* (request, context) {
    checkRequest(CommandLogService.method.followLog.input, request);
    yield* followLog(watch, request, callerFrom(context), context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(ConfigService.method.watchDesired, async function* (request, context) {
    checkRequest(ConfigService.method.watchDesired.input, request);
    yield* watchDesired(watch, callerFrom(context), context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(BundleService.method.exportBundle, async function* (request, context) {
    checkRequest(BundleService.method.exportBundle.input, request);
    yield* exportBundle(carry, request, callerFrom(context), context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(AuditService.method.readAudit, async function* (request, context) {
    checkRequest(AuditService.method.readAudit.input, request);
    const reading = { backend, timers, slots, stopping };
    yield* readAudit(reading, request, callerFrom(context), context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(Health.method.watch, async function* (request, context) {
    yield* watchHealth(health, request.service, context.signal);
    endAtDeadline(context.signal);
  });
  router.rpc(ServerReflection.method.serverReflectionInfo, createReflection(SERVICES));
  return router.handlers;
}
