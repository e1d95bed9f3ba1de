export default function globalTeardown(): void {
  // Services are stopped here once the local stack exists.
}
