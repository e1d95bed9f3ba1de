/** What a column of an answer holds, as far as showing it is concerned. */
export type ColumnType = 'number' | 'time' | 'boolean' | 'text';
