//! Why somebody may not, or no longer, use an application.

/// What a login or a session no longer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Ended {
    /// The enterprise is not bound to the instance, or no longer.
    #[error("the enterprise is not bound")]
    Unbound,
    /// The enterprise has no client for the application, or no longer.
    #[error("the enterprise has no client for the application")]
    ClientWithdrawn,
    /// The instance is suspended.
    #[error("the instance is suspended")]
    InstanceSuspended,
    /// The instance's term is over.
    #[error("the instance has expired")]
    InstanceExpired,
    /// The instance ended for good.
    #[error("the instance was released")]
    InstanceReleased,
    /// The member may not use the application, or no longer.
    #[error("the member is not authorised")]
    MemberWithdrawn,
    /// The member's account may not be used.
    #[error("the member's account is disabled")]
    MemberDisabled,
    /// Access was withdrawn and given again since the session began: the account may be another
    /// person's by now.
    #[error("the member was authorised anew since")]
    GrantedAnew,
    /// The keys of the enterprise were destroyed: nothing is known of its members any more.
    #[error("what was known of the enterprise's members was erased")]
    Erased,
    /// The centre does not renew the session.
    #[error("the centre ended the session")]
    CentreRefused,
    /// Somebody ended it meanwhile.
    #[error("the session is over")]
    Over,
    /// The access token ran out, and could not be renewed.
    #[error("the access token ran out")]
    AccessExpired,
}

impl Ended {
    /// The stable code under which it is told and counted. Never change one.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unbound => "unbound",
            Self::ClientWithdrawn => "client_withdrawn",
            Self::InstanceSuspended => "instance_suspended",
            Self::InstanceExpired => "instance_expired",
            Self::InstanceReleased => "instance_released",
            Self::MemberWithdrawn => "member_withdrawn",
            Self::MemberDisabled => "member_disabled",
            Self::GrantedAnew => "granted_anew",
            Self::Erased => "erased",
            Self::CentreRefused => "centre_refused",
            Self::Over => "unknown_session",
            Self::AccessExpired => "access_expired",
        }
    }

    /// Whether it is about the enterprise or its instance, and not about one of its members.
    pub(crate) fn is_of_enterprise(self) -> bool {
        match self {
            Self::Unbound
            | Self::ClientWithdrawn
            | Self::InstanceSuspended
            | Self::InstanceExpired
            | Self::InstanceReleased
            | Self::Erased => true,
            Self::MemberWithdrawn
            | Self::MemberDisabled
            | Self::GrantedAnew
            | Self::CentreRefused
            | Self::Over
            | Self::AccessExpired => false,
        }
    }
}
