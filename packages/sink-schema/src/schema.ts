/**
 * The schema of the sink's own tables in the warehouse. They live beside the data because a row and the offset it came
 * from must commit in one transaction; a second store could never agree with the first after a crash.
 */
export const SINK_SCHEMA = 'sink';
