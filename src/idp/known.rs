//! Clients and resources the tenant knows: the catalogue's and the directory's own.

use crate::base::Check;
use crate::base::id::AppId;
use crate::catalog::Catalog;

use super::Provider;
use super::refusal::Refusal;

impl Provider {
    /// USE-12 for a claim.
    pub(super) fn known_client(&self, id: &str) -> Result<AppId, Refusal> {
        self.known_client_id(id.parse().map_err(|_| Refusal::ClientUnknown)?)
    }

    /// USE-12
    pub(super) fn known_client_id(&self, id: AppId) -> Result<AppId, Refusal> {
        let known =
            Catalog::builtin().client_by_id(id).is_some() || self.directory.app(id).is_some();
        match known || !self.settings.danger.enforces(Check::ClientKnown) {
            true => Ok(id),
            false => Err(Refusal::ClientUnknown),
        }
    }

    /// USE-13: an application id, an origin or another identifier of a resource.
    pub(super) fn known_resource(&self, text: Option<&str>) -> Result<AppId, Refusal> {
        let text = text.ok_or(Refusal::ResourceUnknown)?;
        if let Some(resource) = Catalog::builtin().resource_by_identifier(text) {
            return Ok(resource.app_id);
        }
        let id: AppId = text.parse().map_err(|_| Refusal::ResourceUnknown)?;
        let known = self.directory.app(id).is_some();
        match known || !self.settings.danger.enforces(Check::ResourceKnown) {
            true => Ok(id),
            false => Err(Refusal::ResourceUnknown),
        }
    }

    /// Redirect URIs registered for a client; several catalogue entries may share its id.
    pub(super) fn redirect_uris(&self, client: AppId) -> impl Iterator<Item = &str> {
        let own = self.directory.app(client).into_iter().flat_map(|app| &app.redirect_uris);
        Catalog::builtin()
            .clients_with_id(client)
            .flat_map(|client| &client.redirect_uris)
            .chain(own)
            .map(String::as_str)
    }
}
