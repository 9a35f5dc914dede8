/** `make clean`: removes what runs on this machine keep in `.weir`, and stops the servers that still run on it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgres } from './postgres.ts';

if (existsSync('.weir')) for (const name of readdirSync('.weir')) await removePostgres(join('.weir', name));
