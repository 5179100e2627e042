// Metrics of trust: who is a member, how long the own certificate lasts, who was not let in, whether the audit log is written.
import { ERROR_REASONS } from '../../core/index.ts';
import { type MetricDefinition, oneOf, oneOfMany } from './definition.ts';

const NONE = {} as const;

export const OF_TRUST = [
  {
    name: 'holdfast_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the own certificate is over, in seconds since 1970; absent in an open fleet.',
    labels: NONE,
  },
  {
    name: 'holdfast_members',
    type: 'gauge',
    help: 'Members of a fleet with certificates, by what they are; absent in an open fleet.',
    labels: { state: oneOf('member', 'expired', 'ejected') },
  },
  {
    name: 'holdfast_ejected',
    type: 'gauge',
    help: '1 where this node was put out of its fleet; absent in an open fleet.',
    labels: NONE,
  },
  {
    name: 'holdfast_enrolment_refusals_total',
    type: 'counter',
    help: 'Requests to be let into the fleet that were refused here.',
    labels: {
      reason: oneOfMany('a reason of [ERRORS](ERRORS.md), `WRONG_HUB`, or `other`', [
        ...ERROR_REASONS,
        'WRONG_HUB',
        'other',
      ]),
    },
  },
  {
    name: 'holdfast_audit_entries_total',
    type: 'counter',
    help: 'Entries of the audit log that are on the disk, since it was begun.',
    labels: NONE,
  },
  {
    name: 'holdfast_audit_write_failures_total',
    type: 'counter',
    help: 'Times the audit log could not be written; it is tried again.',
    labels: NONE,
  },
] as const satisfies readonly MetricDefinition[];
