// A made-up contest as a feed of the CLICS Contest API (NDJSON): the same one for the same numbers. With compile errors, teams
// that tie, rejudgements both ways, a freeze, and submissions from before it that are judged after it.
//   node bench/contest-feed.mjs [seed] [teams] [problems] [submissions] > feed.ndjson
import { randomOf } from './replay/random.mjs';

const [seed = 1, teams = 5, problems = 4, submissions = 24] = process.argv.slice(2).map(Number);
const random = randomOf(seed);
const below = (limit) => Math.floor(random() * limit);
const pick = (list) => list[below(list.length)];

const START = Date.parse('2026-01-01T10:00:00Z');
const DURATION_S = 2 * 3_600;
const FREEZE_S = 1_800;
const TYPES = [
  ['AC', 'correct', false, true],
  ['WA', 'wrong answer', true, false],
  ['TLE', 'time limit exceeded', true, false],
  ['RTE', 'run-time error', true, false],
  ['CE', 'compile error', true, false],
];

const relative = (s) =>
  `${Math.floor(s / 3_600)}:${String(Math.floor(s / 60) % 60).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`;
const absolute = (s) => new Date(START + s * 1_000).toISOString();
const emit = (type, data) => console.log(JSON.stringify({ type, id: data.id ?? null, data }));

emit('contest', {
  id: undefined,
  name: `Contest ${seed}`,
  start_time: absolute(0),
  duration: relative(DURATION_S),
  scoreboard_freeze_duration: relative(FREEZE_S),
  scoreboard_type: 'pass-fail',
  penalty_time: 20,
});
for (const [id, name, penalty, solved] of TYPES) emit('judgement-types', { id, name, penalty, solved });
emit('languages', { id: 'cpp', name: 'C++', entry_point_required: false, extensions: ['cpp'] });
for (let i = 0; i < problems; i++)
  emit('problems', {
    id: `p${i + 1}`,
    label: String.fromCharCode(65 + i),
    name: `Problem ${i + 1}`,
    ordinal: i,
    test_data_count: 1,
  });
for (let i = 1; i <= teams; i++) emit('teams', { id: `t${i}`, label: String(i), name: `Team ${i}` });

/** Events by contest time. */
const events = [];
let submitted = 0;
let judged = 0;

function submit(at, team, problem, verdict) {
  const id = `s${++submitted}`;
  const times = { time: absolute(at), contest_time: relative(at) };
  const submission = { id, language_id: 'cpp', problem_id: problem, team_id: team, ...times, files: [] };
  events.push([at, 'submissions', submission]);
  const judgedAt = at + 5 + below(60);
  judge(judgedAt, id, verdict);
  return { id, judgedAt };
}

function judge(at, submission, verdict) {
  const times = {
    start_time: absolute(at - 4),
    start_contest_time: relative(at - 4),
    end_time: absolute(at),
    end_contest_time: relative(at),
  };
  events.push([
    at,
    'judgements',
    { id: `j${++judged}`, submission_id: submission, judgement_type_id: verdict, ...times },
  ]);
}

const FREEZE_AT = DURATION_S - FREEZE_S;
const problemOf = () => `p${1 + below(problems)}`;
const verdictOf = () => (random() < 0.5 ? 'AC' : pick(TYPES.slice(1))[0]);
// Two teams that do the same in the same second: they tie, and are first together.
for (const team of ['t1', 't2']) submit(600, team, 'p1', 'AC');
// Judged when the freeze has begun: public all the same.
submit(FREEZE_AT - 20, 't3', 'p2', 'AC');
while (submitted < submissions) {
  const verdict = verdictOf();
  const at = 60 + below(DURATION_S - 180);
  const { id, judgedAt } = submit(at, `t${1 + below(teams)}`, problemOf(), verdict);
  if (random() < 0.3) judge(judgedAt + 30 + below(600), id, verdict === 'AC' ? 'WA' : 'AC');
}
events.sort(([a], [b]) => a - b);
for (const [, type, data] of events) emit(type, data);
emit('state', {
  started: absolute(0),
  frozen: absolute(FREEZE_AT),
  ended: absolute(DURATION_S),
  thawed: absolute(DURATION_S + 60),
  finalized: absolute(DURATION_S + 60),
  end_of_updates: absolute(DURATION_S + 60),
});
