// What enrolment has to tell an operator: the one place that the log, and whoever else keeps a record, hears it from.
import { formatNodeId, type Hash } from '../../core/index.ts';
import type { Log } from '../log.ts';
import { isRotation, logRotation, type RotationReport } from './rotation-report.ts';

export type EnrolmentReport =
  | {
      readonly type: 'token-created';
      readonly token: string;
      readonly name: string;
      readonly roles: readonly string[];
      readonly expiresMs: number;
    }
  | {
      readonly type: 'token-revoked' | 'token-approved';
      readonly token: string;
      readonly name: string;
    }
  /** An operator has to compare the code. */
  | {
      readonly type: 'enrolment-waiting';
      readonly token: string;
      readonly name: string;
      readonly code: string;
    }
  | {
      readonly type: 'enrolled';
      readonly token: string;
      readonly name: string;
      readonly nodeId: string;
    }
  /** `nodeId` is empty where the request was not believed. */
  | {
      readonly type: 'enrolment-refused';
      readonly token: string;
      readonly nodeId: string;
      readonly reason: string;
      readonly detail: string;
    }
  | {
      readonly type: 'certificate-issued';
      readonly name: string;
      readonly nodeId: string;
      readonly generation: number;
      readonly expiresMs: number;
    }
  /** This node has a newer certificate than before. */
  | {
      readonly type: 'certificate-renewed';
      readonly generation: number;
      readonly expiresMs: number;
    }
  | RotationReport;

/** Writes a report to the log. No report has a secret in it. */
export function logEnrolment(
  log: Log,
  hash: Hash,
  report: EnrolmentReport,
  passed: { readonly silenced?: number } = {},
): void {
  if (isRotation(report)) return logRotation(log, hash, report);
  const { type, ...rest } = report;
  const fields = { ...rest, ...passed, ...nodeOf(report, hash) };
  switch (type) {
    case 'token-created':
      return log.info('enrolment.token_created', fields, `a token for ${report.name} was made`);
    case 'token-revoked':
      return log.warn('enrolment.token_revoked', fields, `the token for ${report.name} is void`);
    case 'token-approved':
      return log.info('enrolment.token_approved', fields, `${report.name} was approved`);
    case 'enrolment-waiting':
      return log.warn(
        'enrolment.waiting',
        fields,
        `a device would join as ${report.name}; compare its code ${report.code} and run holdfast token approve`,
      );
    case 'enrolled':
      return log.info('enrolment.granted', fields, `${report.name} has joined the fleet`);
    case 'enrolment-refused':
      return log.warn('enrolment.refused', fields, `a device was not let in: ${report.detail}`);
    case 'certificate-issued':
      return log.info(
        'enrolment.certificate_issued',
        fields,
        `${report.name} has certificate ${report.generation}, good until ${dayOf(report.expiresMs)}`,
      );
    case 'certificate-renewed':
      return log.info(
        'enrolment.certificate_renewed',
        fields,
        `the certificate of this node was renewed; it is good until ${dayOf(report.expiresMs)}`,
      );
  }
}

function nodeOf(
  report: Exclude<EnrolmentReport, RotationReport>,
  hash: Hash,
): { readonly nodeId?: string } {
  if (!('nodeId' in report) || report.nodeId === '') return {};
  return { nodeId: formatNodeId(report.nodeId, hash) };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
