/** What a function is told by its environment, checked once when its container starts. */
import { z } from 'zod';
import { ENVIRONMENT, TLS_MODES } from './contract.ts';
import { UsageError } from './errors.ts';

const environment = z.object({
  [ENVIRONMENT.dataset]: z.string().min(1),
  [ENVIRONMENT.ingestionBucket]: z.string().min(1),
  [ENVIRONMENT.processedBucket]: z.string().min(1),
  [ENVIRONMENT.databaseSecret]: z.string().min(1).optional(),
  [ENVIRONMENT.databaseHost]: z.string().min(1).optional(),
  [ENVIRONMENT.databasePort]: z.coerce.number().int().optional(),
  [ENVIRONMENT.databaseName]: z.string().min(1).optional(),
  [ENVIRONMENT.databaseTls]: z.enum(TLS_MODES).default('rds'),
});

export type FunctionEnvironment = z.infer<typeof environment>;

/** @throws {UsageError} naming the variable that is missing or wrong */
export function readFunctionEnvironment(variables: NodeJS.ProcessEnv = process.env): FunctionEnvironment {
  const result = environment.safeParse(variables);
  if (result.success) return result.data;
  throw new UsageError(`the function's environment is refused:\n${z.prettifyError(result.error)}`);
}
