import { openStore } from '../../src/app/stores.ts'
import { aConfiguration, anActor } from '../support/configuration.ts'
import { quiet } from '../support/database.ts'

// A gateway's store for embedded.test.ts to kill: creates one User after the other and prints each once it is stored.
const store = await openStore({ dataDir: process.argv[2]!, log: quiet })
const applied = await store.applyConfiguration(aConfiguration())
const by = anActor(applied.directoryIds.get('corp')!)
for (let i = 0; ; i++) {
  const write = await store.directory.createUser(by, {
    userName: `${process.pid}-${i}@corp.example`,
    active: true,
  })
  if (write.kind === 'stored') process.stdout.write(`${write.user.id}\n`)
}
