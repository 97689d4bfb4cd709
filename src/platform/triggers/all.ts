import { contestClosed, contestDeleted, participantRemoved, userChanged, userDeleted } from './access.ts';
import { announcementActivated, announcementDeleted, announcementMade } from './announcement.ts';
import { contestUpdated } from './contest.ts';
import { participantJoined, participantLeft, participantScored } from './participant.ts';
import { playerAdvanced, playerHeld } from './player.ts';
import { submissionAccepted, submissionInserted } from './submission.ts';
import type { Trigger } from './trigger.ts';
import { xpGained } from './xp.ts';

/** Every trigger of this version, in the order of installation. */
export const TRIGGERS: readonly Trigger[] = [
  contestUpdated,
  participantJoined,
  participantScored,
  participantLeft,
  playerHeld,
  playerAdvanced,
  submissionAccepted,
  submissionInserted,
  xpGained,
  announcementMade,
  announcementActivated,
  announcementDeleted,
  userChanged,
  userDeleted,
  contestClosed,
  contestDeleted,
  participantRemoved,
];
