/** A file is not what it seems to be; the message goes on after its name and "cannot be read". */
export class ReportError extends Error {
  override name = 'ReportError';
}
