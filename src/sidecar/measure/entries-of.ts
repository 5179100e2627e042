// Names and figures of a record, with the type of its names.

export function entriesOf<Name extends string>(
  figures: Readonly<Record<Name, number>>,
): [Name, number][] {
  return Object.entries(figures) as [Name, number][];
}
