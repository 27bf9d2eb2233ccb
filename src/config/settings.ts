import { Global, Module, type DynamicModule } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

export const SETTINGS = Symbol('settings');

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
const url = (...protocols: string[]) =>
  z.url({
    protocol: new RegExp(`^(${protocols.join('|')})$`),
    error: `must be a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

/** Every setting of the application, by the name of its environment variable. `.env.example` lists the same names. */
export const settingsSchema = z
  .object({
    PORT: z.coerce.number().int().min(0).max(65535).default(3000),
    HOST: z.string().min(1).default('127.0.0.1'),
    DATA_DIR: z
      .string()
      .min(1)
      .default('./data')
      .transform((path) => resolve(path)),
    DATABASE_URL: url('postgres', 'postgresql').optional(),
    DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
    PUBLIC_URL: url('http', 'https')
      .transform((value) => value.replace(/\/+$/, ''))
      .optional(),
    SITE_NAME: z.string().trim().min(1).max(60).default('Countersign'),
    EMBED_ANCESTORS: z
      .string()
      .trim()
      .regex(
        /^(\*|'none'|https?:\/\/(\*\.)?[a-zA-Z0-9.-]+(:\d{1,5})?( +https?:\/\/(\*\.)?[a-zA-Z0-9.-]+(:\d{1,5})?)*)$/,
        "must be *, 'none', or origins like https://news.example with spaces between",
      )
      .default('*'),
    MAIL_MODE: z.enum(['inbox', 'hold', 'live']).default('inbox'),
    // One or several with spaces between: relay.ts reads them in full.
    SMTP_URL: z
      .string()
      .trim()
      .regex(/^smtps?:\/\/\S/, 'must be a URL that starts with smtp:// or smtps://')
      .optional(),
    MAIL_FROM: z
      .string()
      .regex(/^[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/, 'must be an address, or Name <address>')
      .default('Countersign <noreply@countersign.example>'),
    DKIM_SELECTOR: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be letters, digits and hyphens, as one part of a host name')
      .optional(),
    DNS_SERVER: z
      .string()
      .regex(/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/, 'must be an IP address, with a port if needed')
      .optional(),
    RETURN_DOMAIN: z
      .string()
      .toLowerCase()
      .regex(/^(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/, 'must be a host name')
      .optional(),
    RETURN_SMTP_PORT: z.coerce.number().int().min(0).max(65535).optional(),
    RETURN_TLS_CERT: z.string().min(1).optional(),
    RETURN_TLS_KEY: z.string().min(1).optional(),
    RETURN_IMAP_URL: url('imap', 'imaps').optional(),
    RETURN_WEBHOOK_SECRET: z.string().min(32, 'must have at least 32 characters').max(200).optional(),
    ATTACHMENT_KB: z.coerce.number().int().min(1).max(10_240).default(2048),
    ATTACHMENTS_KB: z.coerce.number().int().min(1).max(20_480).default(5120),
    ADMIN_EMAIL: z.email().default('admin@localhost.localdomain'),
    ADMIN_PASSWORD: z.string().min(12, 'must have at least 12 characters').max(200).optional(),
    OIDC_ISSUER: z
      .url()
      .regex(/^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/, {
        error: 'must be a URL that starts with https://, as the provider names itself',
        abort: true,
      })
      .optional(),
    OIDC_CLIENT_ID: z.string().min(1).max(500).optional(),
    OIDC_CLIENT_SECRET: z.string().min(1).max(2000).optional(),
    LIMITS: onOff.default(true),
    PRESSURE_PER_MINUTE: z.coerce.number().int().min(0).default(600),
    TOR_EXITS: z.string().min(1).optional(),
    SMALL_CELLS: z.coerce.number().int().min(2).max(1000).default(5),
    TRUST_PROXY: onOff.default(false),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine((settings, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (!settings.LIMITS && settings.MAIL_MODE === 'live')
      refuse('LIMITS', 'may be off only when MAIL_MODE is not live');
    for (const feed of ['RETURN_SMTP_PORT', 'RETURN_IMAP_URL', 'RETURN_WEBHOOK_SECRET'] as const) {
      if (settings[feed] !== undefined && !settings.RETURN_DOMAIN) refuse(feed, 'needs RETURN_DOMAIN');
    }
    if ((settings.RETURN_TLS_CERT === undefined) !== (settings.RETURN_TLS_KEY === undefined)) {
      refuse('RETURN_TLS_CERT', 'and RETURN_TLS_KEY go together');
    }
    if (new Set([settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET].map(Boolean)).size > 1) {
      refuse('OIDC_ISSUER', 'goes together with OIDC_CLIENT_ID and OIDC_CLIENT_SECRET');
    }
    if (settings.MAIL_MODE !== 'live') return;
    if (!settings.SMTP_URL) refuse('SMTP_URL', 'is needed when MAIL_MODE is live');
    if (!settings.PUBLIC_URL)
      refuse('PUBLIC_URL', 'is needed when MAIL_MODE is live: the links in mails are made of it');
    if (settings.MAIL_FROM.includes('countersign.example')) refuse('MAIL_FROM', 'is needed when MAIL_MODE is live');
  });

/** Everything in one process, or visitors apart from the work behind them (mail, count log, planning, clean-up). */
export const roles = ['all', 'web', 'worker'] as const;
export type Role = (typeof roles)[number];

/** The settings, plus whether the work behind the pages is done by itself: tests drive it by hand. */
export type Settings = z.infer<typeof settingsSchema> & { PUBLIC_URL: string; runners: boolean };

/** A wrong setting. The message has a sentence per variable, ready to print. */
export class SettingsError extends Error {}

/**
 * Reads the settings from the environment; an empty variable counts as unset.
 * @throws SettingsError naming every wrong variable
 */
export function loadSettings(environment: Record<string, string | undefined> = process.env): Settings {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`).join('\n'),
    );
  }
  const host = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(parsed.data.HOST) ? 'localhost' : parsed.data.HOST;
  return { ...parsed.data, PUBLIC_URL: parsed.data.PUBLIC_URL ?? `http://${host}:${parsed.data.PORT}`, runners: true };
}

/** Reads `.env` of the current folder, if there is one; variables that are already set win. */
export function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env');
}

@Global()
@Module({})
export class SettingsModule {
  static with(settings: Settings): DynamicModule {
    return { module: SettingsModule, providers: [{ provide: SETTINGS, useValue: settings }], exports: [SETTINGS] };
  }
}
