/** Kafka's isolation level by which records of aborted and open transactions stay out of sight. */
export const READ_COMMITTED = 1;
