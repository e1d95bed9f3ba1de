/** How rows of the transactions' table make operations, where they are not one each. All are SQL over the table's own columns. */
export type Operations =
  | {
      /** Each row is a state that an operation went through. */
      readonly kind: 'states';
      readonly operation: string;
      /** What orders the states: the first says when it was made, the last what it is. */
      readonly order: string;
      /** Completed in parts: amounts and fees of the rows in its last state are added. */
      readonly parts: boolean;
    }
  | {
      /** Each row adds to one wallet, or takes from it. */
      readonly kind: 'legs';
      readonly operation: string;
      readonly wallet: string;
      /** What the row adds to its wallet, negative where it takes away. */
      readonly amount: string;
      readonly order: string | undefined;
      /** True of rows that charge a fee without a leg of the fee wallet. */
      readonly chargeWhen: string | undefined;
    };

/** Kinds of wallets that the e-wallet may have no row for. */
export const VIRTUAL_KINDS = ['float', 'fee'] as const;
export type VirtualKind = (typeof VIRTUAL_KINDS)[number];

/** Columns of an operation that are worked out from its rows, and how they are read then. */
export function operationColumns(operations: Operations | undefined): Readonly<Record<string, string>> {
  switch (operations?.kind) {
    case undefined:
      return {};
    case 'states':
      return {
        id: 'ewallet_operation_id',
        created_at: 'ewallet_created_at',
        ...(operations.parts ? { amount: 'ewallet_amount', fee: 'ewallet_fee' } : {}),
      };
    case 'legs':
      return {
        id: 'ewallet_operation_id',
        source_wallet_id: 'ewallet_source_wallet_id',
        destination_wallet_id: 'ewallet_destination_wallet_id',
        amount: 'ewallet_amount',
        fee: 'ewallet_fee',
      };
  }
}
