export interface SimRole {
  readonly id: string
  readonly display_name: string
  /** CID that owns a custom role: only its users can have it. */
  readonly owner?: string
}

/** A few roles of a tenant, as examples; real tenants offer many more. */
export const roleCatalogue: readonly SimRole[] = [
  { id: 'falcon_admin', display_name: 'Falcon Administrator' },
  { id: 'detection_monitor', display_name: 'Detection Monitor' },
  { id: 'event_viewer', display_name: 'Event Viewer' },
  { id: 'help_desk', display_name: 'Help Desk' },
  { id: 'dashboard_admin', display_name: 'Dashboard Admin' },
  { id: 'falconhost_read_only', display_name: 'Falcon Analyst - Read Only' },
]
