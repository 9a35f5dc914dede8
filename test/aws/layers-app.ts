/** A CDK app of nothing but the layer, for either processor of Lambda. */
import { App, Stack } from 'aws-cdk-lib';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { createDuckdbLayer } from '../../lib/duckdb-layer.ts';

const app = new App();
createDuckdbLayer(new Stack(app, 'arm64'), Architecture.ARM_64);
createDuckdbLayer(new Stack(app, 'x86-64'), Architecture.X86_64);
