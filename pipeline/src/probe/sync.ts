import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { Failure, isObject, type Json, unreadable } from '@ewallet/failure';
import type { SyncConfig } from '../config/parts';

/** What a run of a connection was: ewallet-sync's, or an Airbyte job. */
export interface SyncSuccess {
  readonly at: Date;
  readonly attempts: number;
  readonly records: number;
  readonly seconds: number;
  /** Records by stream; empty where they are not known. */
  readonly streams: Readonly<Record<string, number>>;
}

export interface SyncFacts {
  /** Since when; undefined where none runs. */
  readonly runningSince: Date | undefined;
  readonly lastSuccess: SyncSuccess | undefined;
  /** The newest failed attempt after the last success. */
  readonly lastFailure:
    { readonly at: Date; readonly kind: string; readonly message: string; readonly isFinal: boolean } | undefined;
  readonly next: Date | undefined;
  /** Whether the process that runs or waits for the next sync was seen to be gone; false where it cannot be known. */
  readonly isProcessGone: boolean;
  /** Whether the last run follows changes (`--follow`), which ends in no success. */
  readonly isFollowing: boolean;
  /** When the destination last acknowledged anything. */
  readonly acknowledgedAt: Date | undefined;
}

/** A lock without a sign of life for so long, in milliseconds, belongs to nobody: ewallet-sync's own rule. */
const SILENCE_MS = 60_000;

/** What ewallet-sync left in its state directory: `status.json`, `state.json` and its lock. */
export async function askSync(config: SyncConfig, now: Date): Promise<SyncFacts> {
  const status = await readStatus(path.join(config.stateDirectory, 'status.json'));
  const state = await modifiedAt(path.join(config.stateDirectory, 'state.json'));
  if (status === undefined && state === undefined) {
    throw Failure.config(`${config.stateDirectory} holds no state: no sync has run with this state directory yet`);
  }
  const running = await isLocked(path.join(config.stateDirectory, 'lock'), now);
  const failure = isObject(status?.last_failure) ? status.last_failure : undefined;
  return {
    runningSince: running ? (dateOf(status?.since) ?? now) : undefined,
    lastSuccess: successOf(status?.last_success),
    lastFailure:
      failure === undefined
        ? undefined
        : {
            at: dateOf(failure.at) ?? now,
            kind: String(failure.kind),
            message: String(failure.message),
            isFinal: failure.final === true,
          },
    next: dateOf(status?.next_at),
    isProcessGone: !running && isGone(status),
    isFollowing: status?.following === true,
    acknowledgedAt: dateOf(status?.acknowledged_at) ?? state,
  };
}

function successOf(value: unknown): SyncSuccess | undefined {
  if (!isObject(value)) return undefined;
  const at = dateOf(value.at);
  if (at === undefined) return undefined;
  const streams = isObject(value.streams) ? value.streams : {};
  return {
    at,
    attempts: Number(value.attempts ?? 1),
    records: Number(value.records ?? 0),
    seconds: Number(value.seconds ?? 0),
    streams: Object.fromEntries(Object.entries(streams).map(([stream, records]) => [stream, Number(records)])),
  };
}

async function readStatus(file: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isObject(error) && error.code === 'ENOENT') return undefined;
    throw Failure.config(
      `${file} cannot be read: ${unreadable(error)}. Give this user the right to read the state directory`,
      {
        cause: error,
      },
    );
  }
  const value = parsed(text);
  if (value === undefined) throw Failure.config(`${file} is not what ewallet-sync writes`);
  return value;
}

/** A holder on this machine lives as long as its process, one elsewhere as long as it touches its lock. */
async function isLocked(file: string, now: Date): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const holder = text === undefined ? undefined : parsed(text);
  if (holder === undefined) return false;
  if (holder.host === hostname()) return lives(Number(holder.pid));
  const touched = await modifiedAt(file);
  return touched !== undefined && now.getTime() - touched.getTime() < SILENCE_MS;
}

/** It left neither its schedule nor its sync in order, and this is its machine. */
function isGone(status: Json | undefined): boolean {
  const holder = isObject(status?.process) ? status.process : {};
  const isUnfinished = status?.state === 'running' || status?.state === 'waiting';
  return isUnfinished && holder.host === hostname() && !lives(Number(holder.pid));
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isObject(error) && error.code === 'EPERM';
  }
}

async function modifiedAt(file: string): Promise<Date | undefined> {
  return (await stat(file).catch(() => undefined))?.mtime;
}

export function dateOf(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
