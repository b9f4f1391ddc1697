//! What the journal tells of an enterprise, and whether a login or a session rests on it.
//!
//! Everything is folded from the streams themselves at the moment of asking. So no event can be
//! missed, and none has to be followed.

use tenure_domain::tenant::{Access, Binding, Client, Member, MemberId, Tenant, TenantKey};
use tenure_domain::{ApplicationId, Instant, License, Status};
use tenure_journal::{AsOf, Position, ReadError, ReadLog, Record, StreamId, Subject, as_of};

use crate::ended::Ended;

/// An enterprise, for one instance, as the journal tells it now.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) stream: StreamId,
    pub(crate) key: TenantKey,
    /// How far the journal had come.
    pub(crate) head: Position,
    tenant: Tenant,
    /// What the instance is; `None` if there is none, or the journal knows nothing of it.
    instance: Option<Status>,
    /// Where the client of the application was told last.
    client_position: Position,
    /// What happened to the enterprise, oldest first.
    records: Vec<Record>,
    /// What happened to the instance, oldest first.
    instance_records: Vec<Record>,
}

/// With what a member logs in: both are there as long as a login may rest on them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub(crate) binding: &'a Binding,
    pub(crate) client: &'a Client,
}

impl Standing {
    /// Folds the stream of an enterprise, and that of its instance. `None` if it is the stream of
    /// something else.
    pub(crate) fn read(
        log: &mut dyn ReadLog,
        stream: &StreamId,
        application: &ApplicationId,
        now: Instant,
    ) -> Result<Option<Self>, ReadError> {
        let Subject::Tenant(key) = &stream.subject else {
            return Ok(None);
        };
        let head = log.head()?.position;
        let records = log.read_stream(stream, head)?;
        let client_position = records.iter().rev().find(|record| {
            let event = record.event.as_tenant();
            event.is_some_and(|event| sets_client(event, application))
        });
        let client_position = client_position.map_or(Position::START, |record| record.position);
        let (instance, instance_records) = match &key.instance {
            Some(id) => {
                let license = StreamId::license(&stream.merchant, id);
                let view = as_of::license(log, &license, now, AsOf::Position(head))?;
                (view.license.status_at(now), view.records)
            },
            None => (None, Vec::new()),
        };
        Ok(Some(Self {
            stream: stream.clone(),
            key: key.clone(),
            head,
            tenant: Tenant::replay(tenant_events(&records)),
            instance,
            client_position,
            records,
            instance_records,
        }))
    }

    /// Where the client was told last: of several, the newest written one counts.
    pub(crate) fn client_position(&self) -> Position {
        self.client_position
    }

    /// What the enterprise is bound with, whether or not anybody may log in.
    pub(crate) fn binding(&self) -> Option<&Binding> {
        self.tenant.binding.as_ref()
    }

    /// What the enterprise is bound with and its client, as long as its members may log in at all.
    pub(crate) fn bound(&self, application: &ApplicationId) -> Result<Bound<'_>, Ended> {
        let bound = bound(&self.tenant, application)?;
        serves(self.instance)?;
        Ok(bound)
    }

    /// The member, as long as it may use the application.
    pub(crate) fn member(
        &self,
        application: &ApplicationId,
        id: MemberId,
    ) -> Result<&Member, Ended> {
        member(&self.tenant, application, id)
    }

    /// Whether everything stayed good after a position of the journal. What was taken away and
    /// given back while nobody asked has ended a session all the same.
    pub(crate) fn stayed_good_after(
        &self,
        position: Position,
        application: &ApplicationId,
        id: MemberId,
    ) -> Result<(), Ended> {
        let (before, after) = split_after(&self.records, position);
        let mut tenant = Tenant::replay(tenant_events(before));
        let client_id = bound(&tenant, application)?.client.id.clone();
        for event in tenant_events(after) {
            tenant = tenant.evolve(event);
            if bound(&tenant, application)?.client.id != client_id {
                return Err(Ended::ClientWithdrawn);
            }
            member(&tenant, application, id)?;
        }
        self.instance_served_after(position)
    }

    /// A term may have run out without an event, so what the instance was just before each event
    /// counts too.
    fn instance_served_after(&self, position: Position) -> Result<(), Ended> {
        let (before, after) = split_after(&self.instance_records, position);
        let mut license = License::replay(before.iter().filter_map(|it| it.event.as_license()));
        for record in after {
            serves(license.status_at(record.recorded_at))?;
            if let Some(event) = record.event.as_license() {
                license = license.evolve(event);
            }
            serves(license.status_at(record.recorded_at))?;
        }
        Ok(())
    }
}

fn bound<'a>(tenant: &'a Tenant, application: &ApplicationId) -> Result<Bound<'a>, Ended> {
    let binding = tenant.binding.as_ref().ok_or(Ended::Unbound)?;
    let client = tenant.clients.get(application);
    let client = client.ok_or(Ended::ClientWithdrawn)?;
    Ok(Bound { binding, client })
}

fn serves(instance: Option<Status>) -> Result<(), Ended> {
    match instance {
        Some(Status::Suspended) => Err(Ended::InstanceSuspended),
        Some(Status::Expired) => Err(Ended::InstanceExpired),
        Some(Status::Released) => Err(Ended::InstanceReleased),
        None | Some(Status::Provisioning | Status::Issued | Status::Active | Status::Grace) => {
            Ok(())
        },
    }
}

fn member<'a>(
    tenant: &'a Tenant,
    application: &ApplicationId,
    id: MemberId,
) -> Result<&'a Member, Ended> {
    let member = tenant.member(application, id);
    let member = member.ok_or(Ended::MemberWithdrawn)?;
    match member.access {
        Access::Withdrawn | Access::Deleted => Err(Ended::MemberWithdrawn),
        Access::Granted if !member.account.enabled => Err(Ended::MemberDisabled),
        Access::Granted => Ok(member),
    }
}

fn tenant_events(records: &[Record]) -> impl Iterator<Item = &tenure_domain::tenant::Event> {
    records.iter().filter_map(|record| record.event.as_tenant())
}

fn split_after(records: &[Record], position: Position) -> (&[Record], &[Record]) {
    records.split_at(records.partition_point(|record| record.position <= position))
}

fn sets_client(event: &tenure_domain::tenant::Event, application: &ApplicationId) -> bool {
    use tenure_domain::tenant::Event;
    match event {
        Event::ClientSet {
            application: set, ..
        } => set == application,
        Event::Bound(_)
        | Event::Unbound
        | Event::ClientRemoved { .. }
        | Event::MembersGranted { .. }
        | Event::MembersChanged { .. }
        | Event::MembersWithdrawn { .. }
        | Event::DepartmentsSet { .. }
        | Event::DepartmentsRemoved { .. } => false,
    }
}
