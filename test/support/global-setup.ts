export default function globalSetup(): void {
  // Services are started here once the local stack exists.
}
