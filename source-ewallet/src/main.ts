import { runAsProcess, runSource } from '@ewallet/airbyte';
import { EwalletSource } from './ewallet-source';

void runAsProcess((surroundings) => runSource('source-ewallet', (context) => new EwalletSource(context), surroundings));
