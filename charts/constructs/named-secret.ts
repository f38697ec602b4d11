import { Construct } from 'constructs';

/** A Secret that a chart names, wherever it comes from. */
export class NamedSecret extends Construct {
  /** Its Secret's name. */
  readonly secret: string;

  constructor(scope: Construct, id: string, secret: string) {
    super(scope, id);
    this.secret = secret;
  }
}
