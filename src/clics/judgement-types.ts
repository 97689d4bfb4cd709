/** Judgement type of the CLICS Contest API. */
export interface JudgementType {
  readonly id: string;
  readonly name: string;
  /** Whether it counts as an attempt. */
  readonly penalty: boolean;
  readonly solved: boolean;
}

const rejected = (id: string, name: string): JudgementType => ({ id, name, penalty: true, solved: false });

const ACCEPTED: JudgementType = { id: 'AC', name: 'correct', penalty: false, solved: true };
/** Verdict that is none of those below. */
const OTHER = rejected('RE', 'rejected');

/** By the platform's word. The platform counts every rejected submission as an attempt, also one that does not compile. */
const BY_WORD: Readonly<Record<string, JudgementType>> = {
  ACCEPTED,
  WRONG_ANSWER: rejected('WA', 'wrong answer'),
  TIME_LIMIT_EXCEEDED: rejected('TLE', 'time limit exceeded'),
  MEMORY_LIMIT_EXCEEDED: rejected('MLE', 'memory limit exceeded'),
  RUNTIME_ERROR: rejected('RTE', 'run-time error'),
  COMPILATION_ERROR: rejected('CE', 'compile error'),
  OUTPUT_LIMIT_EXCEEDED: rejected('OLE', 'output limit exceeded'),
  PRESENTATION_ERROR: rejected('PE', 'presentation error'),
};

/** All judgement types that a judgement may have. */
export const JUDGEMENT_TYPES: readonly JudgementType[] = [...Object.values(BY_WORD), OTHER];

/** Type of a verdict. @param word of the platform, such as `WRONG_ANSWER`; not of a pending submission */
export function judgementTypeOf(word: string): JudgementType {
  return BY_WORD[word] ?? OTHER;
}
