"""Makes what a case of writing asks for."""

from quality import gold
from quality.onboarding import assessments
from scheduling import dispatch
from tests.finished import finished

NEW_PASSWORD = "another long password"


class World:
    """Makes what a case asks for; the caller is an administrator unless a case says otherwise."""

    def __init__(self, make, session, client_for):
        self.make, self.session, self.client_for = make, session, client_for
        self.admin = make.user(role="admin", name="Ada Private")
        self.floor = make.floor(assets=4)
        self.project, self.batch = self.floor.project, self.floor.batch
        self.labeller = self.floor.labellers[0]
        self.caller = self.admin
        self.base = f"/projects/{self.project.id}"
        self.api = f"/api/v1/projects/{self.project.id}"

    def post(self, path, **more):
        return lambda client: client.post(path, **more)

    def gold(self, n=0):
        asset = self.floor.assets[n]
        return gold.make(self.session, self.project, asset, [{"class": "a"}], self.admin)

    def work(self):
        self.caller = self.labeller
        return dispatch.claim(self.session, self.labeller)

    def assessment(self):
        self.gold(0), self.gold(1)
        terms = {"title": "Entry", "questions": 2}
        skill = self.make.skill()
        return assessments.create(self.session, self.project, skill, terms, self.admin)

    def done(self):
        return finished(self.make, self.session)

    def drafted(self):
        self.project.state = "draft"
        return self.project

    def certificate(self):
        return self.make.certificate(self.labeller, self.make.skill())
