/** GET on Flink's REST API. Whoever has the connection says what it means when there is no answer. */
export interface FlinkReader {
  /**
   * @param path from the root, such as `/jobs/overview`
   * @returns the answer's JSON
   */
  get(path: string): Promise<unknown>;
}
