import { DefaultNamingStrategy, type NamingStrategyInterface, type Table } from 'typeorm';

const snake = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const tableName = (table: Table | string) => (typeof table === 'string' ? table : table.name).split('.').pop()!;

/** Names columns in snake case and constraints as PostgreSQL itself does, so that hand-written SQL and entities agree. */
export class PostgresNaming extends DefaultNamingStrategy implements NamingStrategyInterface {
  override tableName(className: string, customName: string | undefined) {
    return customName ?? snake(className);
  }
  override columnName(propertyName: string, customName: string | undefined, prefixes: string[]) {
    return [...prefixes, customName ?? snake(propertyName)].join('_');
  }
  override joinColumnName(relationName: string, referencedColumnName: string) {
    return `${snake(relationName)}_${referencedColumnName}`;
  }
  override primaryKeyName(table: Table | string) {
    return `${tableName(table)}_pkey`;
  }
  override uniqueConstraintName(table: Table | string, columns: string[]) {
    return `${tableName(table)}_${columns.join('_')}_key`;
  }
  override indexName(table: Table | string, columns: string[]) {
    return `${tableName(table)}_${columns.join('_')}_idx`;
  }
  override foreignKeyName(table: Table | string, columns: string[]) {
    return `${tableName(table)}_${columns.join('_')}_fkey`;
  }
}
