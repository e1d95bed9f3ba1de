import { startServices, type RunningServices } from './service-provider';
import { SERVICES_VARIABLE } from './services';

declare global {
  /** Setup and teardown run in one process and share nothing else. */
  var ewalletTestServices: RunningServices | undefined;
}

/** Starts the services once for a jest run, whichever of its projects need them. */
export default async function globalSetup(): Promise<void> {
  globalThis.ewalletTestServices = await startServices();
  process.env[SERVICES_VARIABLE] = JSON.stringify(globalThis.ewalletTestServices.connections);
}
