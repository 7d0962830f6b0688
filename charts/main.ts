// Writes the manifests of every environment: `npm run synth`, or `npx cdk8s synth`, which names the folder.
import { aws, local, tilt } from './environments.ts';
import { synthesize } from './synth.ts';

const outFolder = process.env.CDK8S_OUTDIR ?? 'k8s';
for (const environment of [local, tilt, aws]) synthesize(environment, outFolder);
