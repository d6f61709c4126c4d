/** An error whose message says all that its reader needs: it has no stack trace, which Node.js would print where nobody catches it. */
export class ReportedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.stack = message;
  }
}
