import { expect, it } from 'vitest';
import { makeLab } from '../../helpers/lab.js';
import { TIME_SCALE } from '../../helpers/scale.js';
import { ask } from './confined-lab.js';
import { makeDaemonLab } from './daemon-lab.js';

const lab = makeLab();
const { begin, end } = makeDaemonLab(lab);

it('what was started from inside goes on without its supervisor, and the next one knows it by the same name', async () => {
  const web = await lab.spawn(['sleep', '1000'], { name: 'web', api: true });
  const say = (script: string): Promise<string> => ask(lab, web, script);
  expect(
    await say(`code POST '' '{"name":"short","command":["sh","-c","echo first; sleep ${String(2 * TIME_SCALE)}; echo last; exit 9"]}'
      code POST '' '{"name":"long","restart":"always","command":["sh","-c","trap : TERM; while :; do sleep 0.1; done"]}'`),
  ).toBe('201\n201');
  // In the middle of a request.
  const waiting = say('api GET /short/wait');
  await say(`n=0; while [ $n -lt 20 ]; do sleep 0.05; n=$((n+1)); done`);
  await end();
  expect(await waiting).toBe('000');
  await begin();
  expect(await say('api GET /short/wait')).toContain('"exitCode":9');
  expect(await say(`until_log short last`)).toBe('first\nlast');
  expect(await say(`api GET '' | grep -o '"id":"[^"]*"'`)).toBe('"id":"long"\n"id":"short"');
  // Its own processes are not its caller's: by now that has ended, and the exec needs none.
  expect(await say(`api POST /long/exec '{"command":["id","-u"]}'`)).toContain('"stdout":"0\\n"');
  expect(await say(`api POST /long/kill`)).toContain('"gone":true');
  expect(await say(`api POST /short/start; api GET /short | grep -o '"status":"running"'`)).toBe(
    '{"changed":true}200\n"status":"running"',
  );
  expect(await say(`code DELETE '/short?force'; code DELETE /long`)).toBe('204\n204');
  await web.kill();
});
