import { afterEach, describe, expect, it, vi } from 'vitest';
import { FeedView, selectObjects } from '../../src/clics/feed-view.ts';

describe('The objects of a feed', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const select = (objects: readonly object[], ...filters: [string, string][]) =>
    selectObjects(new Map(objects.map((object, id) => [String(id), JSON.stringify(object)])), filters);

  it('are selected by their properties, without parsing each', () => {
    const objects = [
      { id: '1', team_id: '7', problem_id: '5' },
      { id: '2', team_id: '77', problem_id: '5' },
      { id: '3', team_id: '7', problem_id: '6', group_id: null },
      { id: '4', problem_id: '7', name: '"team_id":"7"', other_team_id: '7' },
    ].map((object) => ({ ...object, files: [] }));
    const parsed = vi.spyOn(JSON, 'parse');
    const found = [
      select(objects),
      select(objects, ['team_id', '7']),
      select(objects, ['team_id', '7'], ['problem_id', '6']),
      select(objects, ['team_id', '']),
      select(objects, ['group_id', '']),
      select(objects, ['team_id', '7","problem_id":"5']),
      select(objects, ['team_id":"7","problem_id', '5']),
    ];
    expect(parsed).not.toHaveBeenCalled();
    expect(found.map((texts) => texts.map((text) => (JSON.parse(text) as { id: string }).id))).toEqual([
      ['1', '2', '3', '4'],
      ['1', '3'],
      ['3'],
      ['4'],
      ['1', '2', '3', '4'],
      [],
      [],
    ]);
  });

  it('are sent again as a whole after what is new, before what they no longer refer to, and the state last once it is over', () => {
    const view = new FeedView();
    view.set('problems', '5', '{"id":"5"}');
    view.set('submissions', '1', '{"id":"1"}');
    view.takeChanges();
    view.setState({ end_of_updates: 'then' });
    view.repeat('problems');
    view.set('teams', '7', '{"id":"7"}');
    view.set('submissions', '1', undefined);
    expect(view.takeChanges()).toEqual([
      { type: 'teams', id: '7', json: '{"id":"7"}' },
      { type: 'submissions', id: '1', json: null },
      { type: 'problems', id: null, json: '[{"id":"5"}]' },
      { type: 'state', id: null, json: '{"end_of_updates":"then"}' },
    ]);
  });
});
