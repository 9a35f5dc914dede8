/** The forms that texts and numbers of the configuration have; each complaint says what to write. */
import { z } from 'zod';

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/;

/** A text of a certain form. */
export function text(form: RegExp, error: string) {
  return z.string({ error }).regex(form, { error });
}

/** The ARN of the secret of a database; the complaint gives one named `example`. */
export function secretArn(example: string) {
  return text(
    SECRET_ARN,
    `write the ARN of its secret: arn:aws:secretsmanager:eu-west-2:111122223333:secret:${example}`,
  );
}

/** At least one id as AWS gives them. */
export function ids(prefix: string, error: string) {
  return z.array(text(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), error), { error }).min(1, { error });
}

export function whole(min: number, max: number, unit: string) {
  const error = `write a whole number of ${unit} from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}
