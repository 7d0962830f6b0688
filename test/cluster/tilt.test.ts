// The system as Tilt applies it (k8s/tilt, live images), without Tilt: it comes up like k8s/local, and serves.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/requirements.ts';
import { upload } from './door.ts';
import { startFresh } from './fresh.ts';
import { buildAndLoadImages } from './images.ts';
import { ownContext, removeSystem } from './kubectl.ts';
import { faultOf, imageOf } from './load.ts';

describeWith(['kubernetes'], 'the system as Tilt applies it', () => {
  beforeAll(async () => {
    const context = await ownContext();
    await removeSystem();
    await buildAndLoadImages(context);
  }, 1_800_000);

  afterAll(removeSystem, 300_000);

  test('all of k8s/tilt applied at once is up in two minutes, without a failed Job or a Warning', startFresh);

  test('an image goes in through the ingress, and is served', async () => {
    const image = await upload(imageOf(0), 'first.png');
    expect(image).toBeDefined();
    if (image) expect(await faultOf(image)).toBeUndefined();
  });
});
