import type { Story } from './stage.ts'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const userName = 'ada.lovelace@example.com'

/** A joiner, mover, leaver and returner as Okta pushes them: PATCH without paths, group deltas by value filter. */
export const oktaStory: Story = {
  title: 'Okta',
  client: 'okta',
  async play({ scene, push }) {
    scene('Joiner: Ada is assigned to the app')
    await push(
      'GET',
      `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}&startIndex=1&count=100`,
    )
    const ada = await push('POST', '/Users', {
      schemas: [userSchema],
      userName,
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ primary: true, value: userName, type: 'work' }],
      displayName: 'Ada Lovelace',
      locale: 'en-US',
      externalId: '00uada',
      groups: [],
      active: true,
    })
    const analysts = await push('POST', '/Groups', {
      schemas: [groupSchema],
      displayName: 'Falcon Analysts',
      members: [],
    })
    const admins = await push('POST', '/Groups', {
      schemas: [groupSchema],
      displayName: 'Falcon Admins',
      members: [],
    })
    await push(
      'PATCH',
      `/Groups/${analysts.id}`,
      patch({ op: 'add', path: 'members', value: [{ value: ada.id }] }),
    )

    scene('Mover: Ada changes from the analysts to the administrators')
    await push(
      'PATCH',
      `/Groups/${admins.id}`,
      patch({ op: 'add', path: 'members', value: [{ value: ada.id }] }),
    )
    await push(
      'PATCH',
      `/Groups/${analysts.id}`,
      patch({ op: 'remove', path: `members[value eq "${ada.id}"]` }),
    )

    scene('Leaver: Ada is deactivated')
    await push('PATCH', `/Users/${ada.id}`, patch({ op: 'replace', value: { active: false } }))

    scene('Returner: Ada is back')
    await push('PATCH', `/Users/${ada.id}`, patch({ op: 'replace', value: { active: true } }))
  },
}

function patch(...Operations: readonly object[]): object {
  return { schemas: [patchSchema], Operations }
}
