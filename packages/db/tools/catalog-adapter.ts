import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import type pg from 'pg'

const CHAR_OID = 18
const TEXT_OID = 25

/**
 * Lets the schema engine read PostgreSQL's catalogs, whose `"char"` columns @prisma/adapter-pg refuses: they pass as text and
 * are handed over as characters.
 */
export function catalogAdapter(pool: pg.Pool) {
  const charColumns = markCharColumns(pool)
  const inner = new PrismaPg(pool)
  const factory: SqlMigrationAwareDriverAdapterFactory = {
    provider: inner.provider,
    adapterName: inner.adapterName,
    connectToShadowDb: () => inner.connectToShadowDb(),
    connect: async () => {
      const adapter = await inner.connect()
      const queryRaw = adapter.queryRaw.bind(adapter)
      adapter.queryRaw = async (query) => {
        const result = await queryRaw(query)
        const isChar = charColumns.get(result.rows)
        if (!isChar) return result
        return {
          ...result,
          columnTypes: result.columnTypes.map((type, column) =>
            isChar[column] ? ColumnTypeEnum.Character : type,
          ),
        }
      }
      return adapter
    },
  }
  return bindMigrationAwareSqlAdapterFactory(factory)
}

/** Makes the pool call such columns text, and remembers for each result (by its rows) which they were. */
function markCharColumns(pool: pg.Pool): WeakMap<object, boolean[]> {
  const charColumns = new WeakMap<object, boolean[]>()
  const query = pool.query.bind(pool)
  const marked = async (config: pg.QueryArrayConfig) => {
    const result = await query(config)
    const isChar = result.fields.map((field) => field.dataTypeID === CHAR_OID)
    if (isChar.includes(true)) {
      for (const field of result.fields) if (field.dataTypeID === CHAR_OID) field.dataTypeID = TEXT_OID
      charColumns.set(result.rows, isChar)
    }
    return result
  }
  Object.defineProperty(pool, 'query', { value: marked })
  return charColumns
}
