import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Settings } from '../config/settings.js';
import { openDatabase } from './data-source.js';
import { migrate } from './migrate.js';

/** Opens the database and brings its schema up to date before any service starts. Rooms add entities by `forFeature`. */
@Module({})
export class DatabaseModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ type: 'postgres', autoLoadEntities: true, retryAttempts: 0 }),
          dataSourceFactory: async (options) => {
            const database = await openDatabase(settings, options!.entities);
            await migrate(database).catch(async (error: unknown) => {
              await database.destroy();
              throw error;
            });
            return database;
          },
        }),
      ],
    };
  }
}
