import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { createApplication } from '../../src/application.js';
import { loadSettings, type Settings } from '../../src/config/settings.js';
import { makeDatabase } from './database.js';

export interface TestApp {
  nest: NestFastifyApplication;
  settings: Settings;
  database: DataSource;
  /** A request without a network (light-my-request). */
  inject: NestFastifyApplication['inject'];
  get: NestFastifyApplication['get'];
  close: () => Promise<void>;
}

/**
 * The whole application on its own fresh database, mails into the built-in inbox of a temporary folder, background work
 * driven by hand.
 * @param environment settings that differ from the defaults, by the names of their variables
 */
export async function startApp(
  environment: Record<string, string> = {},
  { runners = false }: { runners?: boolean } = {},
): Promise<TestApp> {
  const made = await makeDatabase();
  const settings = { ...loadSettings({ LOG_LEVEL: 'error', PORT: '0', ...made.environment, ...environment }), runners };
  const nest = await createApplication(settings);
  await nest.init();
  await nest.getHttpAdapter().getInstance().ready();
  return {
    nest,
    settings,
    database: nest.get(DataSource),
    inject: nest.inject.bind(nest),
    get: nest.get.bind(nest),
    close: async () => {
      await nest.close();
      await made.drop();
    },
  };
}
