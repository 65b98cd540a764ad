import { describe, expect, it } from 'vitest'
import type { MigrationFile } from './migration-file.ts'
import { planMigrations } from './plan-migrations.ts'

const file = (name: string, checksum = name): MigrationFile => ({
  name,
  checksum,
  sql: '',
  transactional: true,
})
const row = (name: string, checksum = name, finished = true) => ({ name, checksum, finished })

describe('planMigrations', () => {
  it('applies what the database lacks, in the order of the files', () => {
    expect(planMigrations([file('1'), file('2'), file('3')], [row('1')])).toEqual({
      kind: 'apply',
      pending: [file('2'), file('3')],
      newerInDatabase: [],
    })
  })

  it('refuses everything when an applied file was edited', () => {
    expect(planMigrations([file('1', 'new'), file('2')], [row('1', 'old')])).toEqual({
      kind: 'edited',
      name: '1',
      recorded: 'old',
      found: 'new',
    })
  })

  it('refuses everything while one migration is unfinished', () => {
    expect(planMigrations([file('1'), file('2')], [row('1', '1', false)])).toEqual({
      kind: 'unfinished',
      name: '1',
    })
  })

  it('runs an older program on a newer schema', () => {
    expect(planMigrations([file('1')], [row('1'), row('2')])).toEqual({
      kind: 'apply',
      pending: [],
      newerInDatabase: ['2'],
    })
  })
})
