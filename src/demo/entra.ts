import type { Story } from './stage.ts'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const legacyGroupSchema = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

const userName = 'grace.hopper@example.com'

/** The same life in Entra ID's dialect: capitalised operations, string booleans, value arrays on Remove. */
export const entraStory: Story = {
  title: 'Entra ID',
  client: 'entra',
  async play({ scene, push }) {
    scene('Joiner: Grace is assigned to the enterprise application')
    await push('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)
    const grace = await push('POST', '/Users', {
      schemas: [userSchema, enterpriseSchema],
      externalId: 'grace.hopper',
      userName,
      active: true,
      addresses: null,
      displayName: 'Grace Hopper',
      emails: [{ primary: true, type: 'work', value: userName }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Grace Hopper', familyName: 'Hopper', givenName: 'Grace' },
      [enterpriseSchema]: { department: 'Research' },
    })
    const research = await createGroup('Research')
    const leads = await createGroup('Research Leads')
    await push(
      'PATCH',
      `/Groups/${research.id}`,
      patch({ op: 'Add', path: 'members', value: [member(grace.id)] }),
    )

    scene('Mover: Grace leads the team now')
    await push(
      'PATCH',
      `/Groups/${leads.id}`,
      patch({ op: 'Add', path: 'members', value: [member(grace.id)] }),
    )
    await push(
      'PATCH',
      `/Groups/${research.id}`,
      patch({ op: 'Remove', path: 'members', value: [member(grace.id)] }),
    )

    scene('Leaver: Grace is unassigned')
    await push('PATCH', `/Users/${grace.id}`, patch({ op: 'Replace', path: 'active', value: 'False' }))

    scene('Returner: Grace is assigned again')
    await push('PATCH', `/Users/${grace.id}`, patch({ op: 'Replace', path: 'active', value: 'True' }))

    function createGroup(displayName: string): Promise<{ readonly id: string }> {
      const schemas = [groupSchema, legacyGroupSchema]
      return push('POST', '/Groups', {
        schemas,
        displayName,
        externalId: displayName,
        meta: { resourceType: 'Group' },
      })
    }
  },
}

function member(value: string): object {
  return { $ref: null, value }
}

function patch(...Operations: readonly object[]): object {
  return { schemas: [patchSchema], Operations }
}
