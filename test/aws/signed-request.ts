/** Requests to the AWS services for which the project has no client, signed with version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  /** As signatures name it: `cloudformation`. */
  readonly service: string;
  /** A form of the query protocol. */
  readonly form: Readonly<Record<string, string>>;
}

/** Sends it to AWS_ENDPOINT_URL with the credentials of the environment. @returns the document of the answer */
export async function sendSigned({ service, form }: SignedRequest): Promise<string> {
  const { AWS_ENDPOINT_URL = '', AWS_REGION = '', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY = '' } = process.env;
  const url = new URL('/', AWS_ENDPOINT_URL);
  const body = new URLSearchParams(form).toString();
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), AWS_REGION, service, 'aws4_request'];
  const request = ['POST', '/', '', `host:${url.host}`, `x-amz-date:${time}`, '', 'host;x-amz-date', sha256(body)];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request.join('\n'))].join('\n');
  const key = scope.reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, toSign).toString('hex');
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-amz-date': time,
      authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope.join('/')}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    },
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${service} ${form.Action}: ${response.status} ${answer}`);
  return answer;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
