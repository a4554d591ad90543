/** A fresh database on a PostgreSQL server, for one instance of a run. */
import postgres from 'postgres'

/** @param server address of a database on the server from which others may be created @returns the new one's address */
export async function freshDatabase(server: string, name: string): Promise<string> {
  const sql = postgres(server, { max: 1, onnotice: () => {} })
  try {
    await sql`drop database if exists ${sql(name)} with (force)`
    await sql`create database ${sql(name)}`
  } finally {
    await sql.end()
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
